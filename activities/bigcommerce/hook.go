package bigcommerce

import (
	"log/slog"
	"strconv"
	"time"
)

// Hook is one webhook subscription. Printing or logging it shows no header
// values.
type Hook struct {
	// ID identifies the hook in its store.
	ID int64 `json:"id"`
	// ClientID is the API account that made the hook. Hooks of other accounts
	// are not visible.
	ClientID string `json:"client_id,omitempty"`
	// StoreHash is the store of the hook.
	StoreHash string `json:"store_hash,omitempty"`
	// Scope is what the hook is about, for example ScopeOrderStatusUpdated.
	Scope string `json:"scope"`
	// Destination is the https address that callbacks go to.
	Destination string `json:"destination"`
	// IsActive is false when somebody or BigCommerce switched the hook off.
	IsActive bool `json:"is_active"`
	// Headers are sent with every callback; nil if there are none. Their
	// values are secrets, which is why JSON leaves them out: compare them
	// before a hook is recorded anywhere.
	Headers map[string]string `json:"-"`
	// CreatedAt and UpdatedAt are in UTC.
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// Status tells who switched a hook off. Only HooksAdmin fills it.
	Status HookStatus `json:"status,omitempty"`
}

// HooksQuery selects hooks. The zero value selects all of the API account's.
type HooksQuery struct {
	// Scope and Destination select hooks whose own equals them exactly; empty
	// selects all.
	Scope, Destination string
	// IsActive selects active or inactive hooks; nil selects both.
	IsActive *bool
}

// HookRequest describes a hook to create.
type HookRequest struct {
	// Scope is required.
	Scope string
	// Destination is required: https, port 443.
	Destination string
	// IsActive is whether callbacks are to be sent.
	IsActive bool
	// Headers are sent with every callback. Their values are secrets, which
	// is why JSON leaves them out: set them where the request is sent.
	Headers map[string]string `json:"-"`
}

// HookUpdate describes a change of a hook. What is nil stays as it is; at least
// one field must not be nil.
type HookUpdate struct {
	Scope       *string
	Destination *string
	IsActive    *bool
	// Headers replaces all headers. Their values are secrets, which is why
	// JSON leaves them out: set them where the update is sent.
	Headers map[string]string `json:"-"`
}

// String implements fmt.Stringer without the values of headers.
func (h Hook) String() string {
	state := "inactive"
	if h.IsActive {
		state = "active"
	}
	if h.Status != "" {
		state = string(h.Status)
	}
	return "hook " + id(h.ID) + " (" + h.Scope + " to " + h.Destination + ", " + state + ", " +
		strconv.Itoa(len(h.Headers)) + " headers)"
}

// GoString implements fmt.GoStringer without the values of headers.
func (h Hook) GoString() string { return h.String() }

// LogValue implements slog.LogValuer without the values of headers.
func (h Hook) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int64("id", h.ID),
		slog.String("scope", h.Scope),
		slog.String("destination", h.Destination),
		slog.Bool("is_active", h.IsActive),
		slog.String("status", string(h.Status)),
		slog.Int("headers", len(h.Headers)),
	)
}

// String implements fmt.Stringer without the values of headers.
func (r HookRequest) String() string {
	return "hook request (" + r.Scope + " to " + r.Destination + ", " + strconv.Itoa(len(r.Headers)) + " headers)"
}

// GoString implements fmt.GoStringer without the values of headers.
func (r HookRequest) GoString() string { return r.String() }

// LogValue implements slog.LogValuer without the values of headers.
func (r HookRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// String implements fmt.Stringer without the values of headers.
func (u HookUpdate) String() string {
	s := "hook update ("
	if u.Scope != nil {
		s += "scope " + *u.Scope + ", "
	}
	if u.Destination != nil {
		s += "destination " + *u.Destination + ", "
	}
	if u.IsActive != nil {
		s += "is_active " + strconv.FormatBool(*u.IsActive) + ", "
	}
	return s + strconv.Itoa(len(u.Headers)) + " headers)"
}

// GoString implements fmt.GoStringer without the values of headers.
func (u HookUpdate) GoString() string { return u.String() }

// LogValue implements slog.LogValuer without the values of headers.
func (u HookUpdate) LogValue() slog.Value { return slog.StringValue(u.String()) }
