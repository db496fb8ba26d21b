"""The library room (专家库): its keeper's pages, and the page on which an invited expert answers."""
