"""How requests leave: the one gateway, signatures, tokens.

Not here: what a request says (`ports/manifest/request.py`), how often it may be sent (`store/quotas.py`).
"""
