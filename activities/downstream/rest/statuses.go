package rest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// vocabularyLife is how long the meaning of status names is kept. A name that
// is not known is asked for at once, so only a changed phase can be this old.
const vocabularyLife = 5 * time.Minute

// vocabulary is what the system's status names mean, as last read. Two callers
// that miss at the same time both ask; that is harmless.
type vocabulary struct {
	mu     sync.Mutex
	byName map[string]downstream.Status
	until  time.Time
}

func (v *vocabulary) find(name string) (downstream.Status, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Now().After(v.until) {
		return downstream.Status{}, false
	}
	status, ok := v.byName[name]
	return status, ok
}

func (v *vocabulary) keep(statuses []downstream.Status) {
	byName := make(map[string]downstream.Status, len(statuses))
	for _, s := range statuses {
		byName[s.Name] = s
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.byName, v.until = byName, time.Now().Add(vocabularyLife)
}

// Statuses asks the system each time, so that a person who chooses statuses
// sees the present ones.
func (a *Adapter) Statuses(ctx context.Context) ([]downstream.Status, error) {
	return a.statuses(ctx, overhttp.Call{Name: "list statuses"})
}

// Probe lists the statuses and forgets them.
func (a *Adapter) Probe(ctx context.Context) error {
	_, err := a.statuses(ctx, overhttp.Call{Name: "probe"})
	return err
}

func (a *Adapter) statuses(ctx context.Context, c overhttp.Call) ([]downstream.Status, error) {
	c.Method, c.Route = http.MethodGet, routeStatuses
	var list statusList
	if _, err := a.client.Read(ctx, c, &list); err != nil {
		return nil, err
	}
	if err := list.check(); err != nil {
		return nil, a.client.Malformed(c, "the statuses: "+err.Error())
	}
	a.status.keep(list.Statuses)
	return slices.Clone(list.Statuses), nil
}

// resolve gives an order of an answer its status. A name that is not known is
// asked for once.
func (a *Adapter) resolve(ctx context.Context, c overhttp.Call, o wireOrder) (downstream.Order, error) {
	status, ok := a.status.find(o.Status)
	if !ok {
		if _, err := a.statuses(ctx, overhttp.Call{Name: c.Name, Order: c.Order}); err != nil {
			return downstream.Order{}, err
		}
		if status, ok = a.status.find(o.Status); !ok {
			return downstream.Order{}, a.client.Malformed(c, "the order's status is not among those of GET /statuses")
		}
	}
	return downstream.Order{ID: o.ID, Number: o.Number, Status: status, Version: o.Version}, nil
}
