"""The OpenAPI description of the HTTP services, one module per noun; put together by `document`.

Nothing here is imported before somebody asks for the document.
"""
