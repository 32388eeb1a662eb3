package sandbox

import (
	"cmp"
	"errors"
)

var errNoOrder = errors.New("there is no such order")

// standIn is how a stand-in, which does not end by itself, is ended.
type standIn func()

func (standIn) done() <-chan struct{} { return nil }

func (standIn) err() error { return nil }

func (s standIn) stop() error { //nolint:unparam // others can fail to stop
	s()
	return nil
}

func (o Options) address() string { return cmp.Or(o.ListenAddress, "127.0.0.1:0") }

func action(cancelled bool) Action {
	if cancelled {
		return Cancelled
	}
	return Fulfilled
}

// some returns the tracking numbers that are not empty.
func some(numbers ...string) []string {
	var out []string
	for _, number := range numbers {
		if number != "" {
			out = append(out, number)
		}
	}
	return out
}
