"""Code shared by the stages of the pipeline."""
