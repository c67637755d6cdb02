def is_format(path, **kw):
    return False


def read(path, **kw):
    raise ValueError
