package bigcommerce

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// wireHook is the part of a hook that is decoded.
type wireHook struct {
	ID          integer   `json:"id"`
	ClientID    text      `json:"client_id"`
	StoreHash   text      `json:"store_hash"`
	Scope       text      `json:"scope"`
	Destination text      `json:"destination"`
	IsActive    flag      `json:"is_active"`
	Headers     stringMap `json:"headers"`
	CreatedAt   date      `json:"created_at"`
	UpdatedAt   date      `json:"updated_at"`
	Status      text      `json:"status"`
}

func (w wireHook) hook() Hook {
	return Hook{
		ID:          w.ID.or(0),
		ClientID:    string(w.ClientID),
		StoreHash:   string(w.StoreHash),
		Scope:       string(w.Scope),
		Destination: string(w.Destination),
		IsActive:    bool(w.IsActive),
		Headers:     w.Headers,
		CreatedAt:   w.CreatedAt.Time,
		UpdatedAt:   w.UpdatedAt.Time,
		Status:      HookStatus(w.Status),
	}
}

// wireHookChange is the body of a request to create or change a hook.
type wireHookChange struct {
	Scope       *string           `json:"scope,omitempty"`
	Destination *string           `json:"destination,omitempty"`
	IsActive    *bool             `json:"is_active,omitempty"`
	Headers     map[string]string `json:"headers,omitzero"`
}

// headerValues returns the secrets of a hook's headers.
func headerValues(headers map[string]string) []string {
	return slices.Collect(maps.Values(headers))
}

// envelope is what every answer of the V3 API is wrapped in.
type envelope[T any] struct {
	Data T    `json:"data"`
	Meta meta `json:"meta"`
}

// meta is the meta member, of which only the number of pages matters. It is {}
// or [] where there are no pages.
type meta struct{ totalPages integer }

// UnmarshalJSON implements json.Unmarshaler.
func (m *meta) UnmarshalJSON(raw []byte) error {
	pagination := object(object(raw)["pagination"])
	m.totalPages = parseInteger(scalar(pagination["total_pages"]))
	return nil
}

// maxPages bounds a list of the V3 API.
const maxPages = 100

// eachPage sends a call once for each page of its list. take takes over a page
// and reports whether it made sense.
func eachPage[T any](ctx context.Context, c *Client, call request, take func(T) bool) error {
	_, err := eachPageAt(ctx, c, call, take)
	return err
}

// eachPageAt is eachPage, and returns when the store answered with the first
// page, as Order.ReadAt has it.
func eachPageAt[T any](ctx context.Context, c *Client, call request, take func(T) bool) (time.Time, error) {
	query := maps.Clone(call.query)
	if query == nil {
		query = url.Values{}
	}
	call.query = query
	var first time.Time
	for page := 1; page <= maxPages; page++ {
		if page > 1 {
			query.Set("page", strconv.Itoa(page))
		}
		var answer envelope[T]
		call.answer = &answer
		at, err := c.send(ctx, call)
		if err != nil {
			return time.Time{}, err
		}
		if page == 1 {
			first = at
		}
		if !take(answer.Data) {
			return time.Time{}, c.malformed(call, "a hook in the answer has no id")
		}
		if answer.Meta.totalPages.or(0) <= int64(page) {
			return first, nil
		}
	}
	return time.Time{}, c.malformed(call, "the list has more than %d pages", maxPages)
}

// hookList collects hooks of several pages. While hooks are made and deleted,
// pages shift and repeat some.
type hookList struct {
	list []Hook
	seen map[int64]bool
}

// add takes over a page, and reports whether every hook of it has an id.
func (l *hookList) add(page []wireHook) bool {
	if l.seen == nil {
		l.seen = make(map[int64]bool)
	}
	for _, wire := range page {
		hook := wire.hook()
		if hook.ID <= 0 {
			return false
		}
		if !l.seen[hook.ID] {
			l.seen[hook.ID] = true
			l.list = append(l.list, hook)
		}
	}
	return true
}

// hooks returns the collected hooks, never nil.
func (l *hookList) hooks() []Hook {
	if l.list == nil {
		return []Hook{}
	}
	return l.list
}
