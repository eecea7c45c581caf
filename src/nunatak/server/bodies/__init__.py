"""What requests and answers hold: the contract between the server and the page."""
