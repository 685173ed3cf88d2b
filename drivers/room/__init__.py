"""Recording of fixed recorders (询问室、听证室): one ffmpeg per take, segments that survive being killed."""
