/** A penguin that was measured at Palmer Station, Antarctica. */
export interface Penguin {
  readonly species: string;
  /** Bill length, bill depth and flipper length in mm, body mass in g. */
  readonly features: readonly number[];
}

export const FEATURES = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
