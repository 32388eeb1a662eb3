package api

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// failureBurst is how many calls without a valid token an address may make
	// at once, failureEvery how long it takes until it may make one more.
	failureBurst = 10
	failureEvery = 6 * time.Second
	// maxAddresses bounds the memory that strangers can fill.
	maxAddresses = 4096
	// ipv6Network is what one subscriber of IPv6 has to himself, in bits.
	ipv6Network = 64
)

// failures limits calls without a valid token, by the address that they come
// from. Calls with a valid one are never limited: behind a proxy all callers
// share one address, and a stranger must not be able to lock the others out.
// That leaves guessing a token of 32 characters, which is hopeless; the limit
// keeps the log readable.
type failures struct {
	mu        sync.Mutex
	byAddress map[netip.Prefix]*list.Element
	recent    *list.List // of *failing, the latest first
}

type failing struct {
	address netip.Prefix
	limiter *rate.Limiter
}

func newFailures() *failures {
	return &failures{byAddress: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// allow counts a failure and reports whether it is within the limit.
func (f *failures) allow(address netip.Prefix) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	element, known := f.byAddress[address]
	if !known {
		element = f.recent.PushFront(&failing{address: address, limiter: rate.NewLimiter(rate.Every(failureEvery), failureBurst)})
		f.byAddress[address] = element
	}
	f.recent.MoveToFront(element)
	if f.recent.Len() > maxAddresses {
		oldest, _ := f.recent.Remove(f.recent.Back()).(*failing)
		delete(f.byAddress, oldest.address)
	}
	entry, _ := element.Value.(*failing)
	return entry.limiter.Allow()
}

// addressOf returns where a request comes from. No header is believed: anybody
// can send one.
func addressOf(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	address = address.Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = ipv6Network
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
