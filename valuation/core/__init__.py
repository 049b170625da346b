"""What is data worth: games, estimators of group values, and plans that run them as blocks; no framework needed.

The stub beside this file lists what the library offers. Each name is loaded when it is first asked for: whoever only
reads results should not wait for model families, nor for torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
