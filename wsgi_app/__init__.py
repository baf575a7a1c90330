from wsgi_app.main import app

__all__ = ["app"]
