def is_format(path, **kw):
    return False


def read(path, **kw):
    raise ValueError


def write(stream, path, **kw):
    raise ValueError
