"""What is made from the notebooks: pages, slides, a summary, the course map, figures, a bundle."""
