"""What anybody uses without signing in: verification, the promise board, seals."""
