"""The dashboard: pages for people, made on the server, that work without JavaScript.

Forms go through the operations of the API, inside the process: what a form may send, who may
send it, and what is refused are one thing with two faces.
"""

from kaiten_sync.server.dashboard.git_view import plan_maker
from kaiten_sync.server.dashboard.site import dashboard

__all__ = ["dashboard", "plan_maker"]
