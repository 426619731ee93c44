"""What a run leaves behind: facts a third party can read. Never loads torch."""
