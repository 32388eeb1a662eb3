package bigcommercetest

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// The documented rule: a domain that takes less than 90 of 100 requests in two
// minutes, if it got 100 or more, is blocked for three minutes.
const (
	blockWindow      = 2 * time.Minute
	blockMinRequests = 100
	blockMinPercent  = 90
	blockTime        = 3 * time.Minute
)

// domainKey is what a block is for. BigCommerce's pages name the domain and the
// client id by turns; a domain for one client is chosen, so that an app harms
// itself and not others.
type domainKey struct {
	clientID string
	host     string // with the port, which on the platform is always 443
}

// domain is what the store remembers of the requests to a domain.
type domain struct {
	requests []outcome // of the window
	until    time.Time // of the block; in the past when there is none
	reasons  map[string]*BlockReason
}

type outcome struct {
	at      time.Time
	failure string // empty for success
}

// BlockedDomain is a domain that gets no webhooks for some minutes because it
// failed too many.
type BlockedDomain struct {
	ClientID string
	Domain   string // with the port unless it is the scheme's
	Until    time.Time
	Reasons  []BlockReason // most frequent first
}

// BlockReason is one kind of failure that led to a block.
type BlockReason struct {
	Description string
	Count       int
	Last        time.Time
}

// BlockedDomains returns the blocks in force.
func (s *Store) BlockedDomains() []BlockedDomain {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blockedDomainsLocked(s.clock.Now())
}

func (s *Store) blockedDomainsLocked(now time.Time) []BlockedDomain {
	var list []BlockedDomain
	for key, d := range s.blocks {
		if !d.until.After(now) {
			continue
		}
		b := BlockedDomain{ClientID: key.clientID, Domain: key.host, Until: d.until}
		for _, reason := range d.reasons {
			b.Reasons = append(b.Reasons, *reason)
		}
		slices.SortFunc(b.Reasons, func(a, b BlockReason) int {
			return cmp.Or(b.Count-a.Count, cmp.Compare(a.Description, b.Description))
		})
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b BlockedDomain) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.ClientID, b.ClientID))
	})
	return list
}

func (s *Store) blockedLocked(key domainKey, now time.Time) (time.Time, bool) {
	d := s.blocks[key]
	if d == nil || !d.until.After(now) {
		return time.Time{}, false
	}
	return d.until, true
}

// countLocked books a request and reports whether it led to a block.
func (s *Store) countLocked(key domainKey, now time.Time, done Delivery) bool {
	d := s.blocks[key]
	if d == nil {
		d = &domain{}
		s.blocks[key] = d
	}
	o := outcome{at: now}
	if !done.OK() {
		o.failure = done.failure()
	}
	d.requests = append(slices.DeleteFunc(d.requests, func(old outcome) bool {
		return now.Sub(old.at) >= blockWindow
	}), o)
	if d.until.After(now) || !d.tooBad() {
		return false
	}
	d.block(now)
	s.logger.Warn("domain blocked", slog.String("domain", key.host),
		slog.Any("reasons", slices.Sorted(maps.Keys(d.reasons))))
	return true
}

func (d *domain) tooBad() bool {
	good := 0
	for _, o := range d.requests {
		if o.failure == "" {
			good++
		}
	}
	return len(d.requests) >= blockMinRequests && good*100 < len(d.requests)*blockMinPercent
}

func (d *domain) block(now time.Time) {
	d.until = now.Add(blockTime)
	d.reasons = map[string]*BlockReason{}
	for _, o := range d.requests {
		if o.failure == "" {
			continue
		}
		reason := d.reasons[o.failure]
		if reason == nil {
			reason = &BlockReason{Description: o.failure}
			d.reasons[o.failure] = reason
		}
		reason.Count++
		reason.Last = o.at
	}
}
