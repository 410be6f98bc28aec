# needs: colorlog

import colorlog

handler = colorlog.StreamHandler()
handler.setFormatter(colorlog.ColoredFormatter("%(log_color)s%(levelname)s:%(name)s:%(message)s", force_color=True))
log = colorlog.getLogger("app")
log.addHandler(handler)
log.warning("in colour")
