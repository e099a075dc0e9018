"""What people ask and do: answers, acts, releases, the check of a set-up."""
