"""What is made of the notebooks: pages, slides, figures, a summary, a bundle."""
