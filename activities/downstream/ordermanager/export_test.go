package ordermanager

// Part gives the Adapter an account of its own, as if it were in a process of
// its own.
func (a *Adapter) Part() { a.account = &account{} }
