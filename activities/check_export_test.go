package activities

// JudgeFinal is what a step says of an error after its last attempt.
var JudgeFinal = judgeFinal
