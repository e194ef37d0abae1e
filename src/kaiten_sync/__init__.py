"""kaiten-sync: GitOps for a Kaiten licensing catalog.

One sentence holds the whole program:
declare → validate → live → diff → plan → apply → report.
Each word is a package; `pipeline.py` alone puts them in order.
"""

__version__ = "0.1.0"
