package bigcommercetest

import (
	"fmt"
	"maps"
	"net/http"
	"time"
)

// hookWire is a hook in the API.
type hookWire struct {
	ID                   int64             `json:"id"`
	ClientID             string            `json:"client_id"`
	StoreHash            string            `json:"store_hash"`
	Scope                string            `json:"scope"`
	Destination          string            `json:"destination"`
	Headers              map[string]string `json:"headers"`
	IsActive             bool              `json:"is_active"`
	CreatedAt            int64             `json:"created_at"`
	UpdatedAt            int64             `json:"updated_at"`
	EventsHistoryEnabled bool              `json:"events_history_enabled"` // always false, and gone from the documentation
	Status               HookStatus        `json:"status,omitempty"`       // in the admin view only
	Unknown              any               `json:"delivery_profile,omitempty"`
}

// enveloped is how V3 wraps what it returns.
type enveloped struct {
	Data any `json:"data"`
	Meta any `json:"meta"`
}

func (s *Store) hookWireLocked(h *hook) hookWire {
	w := hookWire{
		ID: h.ID, ClientID: h.ClientID, StoreHash: s.Hash,
		Scope: h.Scope, Destination: h.Destination, Headers: maps.Clone(h.Headers),
		IsActive: h.IsActive, CreatedAt: h.CreatedAt.Unix(), UpdatedAt: h.UpdatedAt.Unix(),
	}
	if s.faults.unknownFields {
		w.Unknown = map[string]any{"tier": 2, "labels": []string{"new"}}
	}
	return w
}

// oneHook answers with a single hook: 200 also for one just made or deleted.
func (s *Store) oneHook(h *hook) answer {
	return answer{http.StatusOK, enveloped{Data: s.hookWireLocked(h), Meta: struct{}{}}}
}

// ownHook finds the hook of the path. A hook of another client is not there.
func (s *Store) ownHook(r *request) (*hook, *answer) {
	s.sweepLocked(r.now)
	if id, ok := r.id("id"); ok {
		if h := s.hooks[id]; h != nil && h.ClientID == r.account.ClientID {
			return h, nil
		}
	}
	return nil, refuse(http.StatusNotFound, fmt.Sprintf("Webhook with id [%s] not found", r.PathValue("id")), nil)
}

// ownHooks returns the hooks of the client that the query's filters leave.
func (s *Store) ownHooks(r *request) ([]*hook, *answer) {
	q := r.URL.Query()
	active, err := boolParam(q, "is_active")
	if err != nil {
		return nil, invalidField("is_active", err.Error())
	}
	var own []*hook
	for _, h := range s.sortedHooksLocked(r.now) {
		switch {
		case h.ClientID != r.account.ClientID,
			active != nil && h.IsActive != *active,
			q.Get("scope") != "" && q.Get("scope") != h.Scope,
			q.Get("destination") != "" && q.Get("destination") != h.Destination:
			continue
		}
		own = append(own, h)
	}
	return own, nil
}

func (s *Store) listHooks(r *request) answer {
	own, refusal := s.ownHooks(r)
	if refusal != nil {
		return *refusal
	}
	p, refusal := v3Page(r.URL.Query())
	if refusal != nil {
		return *refusal
	}
	list := []hookWire{}
	for _, h := range cut(own, p) {
		list = append(list, s.hookWireLocked(h))
	}
	return answer{http.StatusOK, enveloped{Data: list, Meta: p.meta(len(own), len(list))}}
}

func (s *Store) getHook(r *request) answer {
	h, refusal := s.ownHook(r)
	if refusal != nil {
		return *refusal
	}
	return s.oneHook(h)
}

func (s *Store) postHook(r *request) answer {
	in, refusal := readHook(r.body)
	if refusal != nil {
		return *refusal
	}
	missing := map[string]string{}
	if in.Scope == nil {
		missing["scope"] = missingField
	}
	if in.Destination == nil {
		missing["destination"] = missingField
	}
	if len(missing) > 0 {
		a := refuse(http.StatusUnprocessableEntity, invalidDataTitle, missing)
		return withPathType(*a)
	}
	// What a hook without is_active is, is not documented; active is chosen.
	h := Hook{ClientID: r.account.ClientID, IsActive: true, Status: HookActive}
	in.apply(&h)
	if refusal := s.checkHookLocked(h, true); refusal != nil {
		return *refusal
	}
	s.lastHook++
	h.ID = s.lastHook
	h.CreatedAt = r.now.Truncate(time.Second)
	h.UpdatedAt = h.CreatedAt
	made := &hook{Hook: h, lastActive: r.now, liveFrom: r.now.Add(s.opts.hookDelay)}
	s.hooks[h.ID] = made
	return s.oneHook(made)
}

func (s *Store) putHook(r *request) answer {
	h, refusal := s.ownHook(r)
	if refusal != nil {
		return *refusal
	}
	in, refusal := readHook(r.body)
	if refusal != nil {
		return *refusal
	}
	if in.empty() {
		return *invalidField("data", "Update webhook request should not be empty")
	}
	changed := h.Hook
	in.apply(&changed)
	if refusal := s.checkHookLocked(changed, changed.Scope != h.Scope); refusal != nil {
		return *refusal
	}
	s.changeLocked(h, r.now, in.apply)
	return s.oneHook(h)
}

func (s *Store) deleteHook(r *request) answer {
	h, refusal := s.ownHook(r)
	if refusal != nil {
		return *refusal
	}
	delete(s.hooks, h.ID)
	return s.oneHook(h)
}

// withPathType gives a refusal the type that the specification's example of a
// missing field has: a path, not a URL.
func withPathType(a answer) answer {
	if p, ok := a.body.(v3Problem); ok {
		p.Type = statusCodesPath
		a.body = p
	}
	return a
}
