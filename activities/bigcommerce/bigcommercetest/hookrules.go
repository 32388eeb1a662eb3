package bigcommercetest

import (
	"encoding/json"
	"net/http"
	"net/url"
)

const (
	invalidDataTitle = "JSON data is missing or invalid"
	invalidFields    = "The following fields are invalid: "
	missingField     = "error.path.missing."
)

// hookRequest is the body of POST and PUT /v3/hooks. The raw values tell a field
// that is missing from one that is null.
type hookRequest struct {
	Scope       *string         `json:"scope"`
	Destination *string         `json:"destination"`
	IsActive    *bool           `json:"is_active"`
	Headers     json.RawMessage `json:"headers"`

	headers map[string]string
}

// readHook decodes a body; the second result is the refusal, if any.
func readHook(body []byte) (hookRequest, *answer) {
	var in hookRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return in, refuse(http.StatusBadRequest, "Input is invalid.", nil)
	}
	if in.Headers != nil {
		if err := json.Unmarshal(in.Headers, &in.headers); err != nil {
			return in, invalidField("headers", "Headers should be an object of strings")
		}
	}
	if in.Scope != nil && !knownScope(*in.Scope) {
		return in, invalidField("scope", "The scope is not known")
	}
	return in, nil
}

// empty reports whether the body names none of the fields.
func (in hookRequest) empty() bool {
	return in.Scope == nil && in.Destination == nil && in.IsActive == nil && in.Headers == nil
}

// apply writes what the body names over h.
func (in hookRequest) apply(h *Hook) {
	if in.Scope != nil {
		h.Scope = *in.Scope
	}
	if in.Destination != nil {
		h.Destination = *in.Destination
	}
	if in.Headers != nil {
		h.Headers = in.headers // nil after null, which takes the headers away
	}
	if in.IsActive != nil {
		h.IsActive = *in.IsActive
		h.Status = HookInactive
		if h.IsActive {
			h.Status = HookActive
		}
	}
}

// checkHookLocked refuses what a hook may not be. The limits are documented, the
// answers to one that passes them are not: 422 with the field at fault is chosen.
// adds is true if the account gets one more hook of the scope: accounts that have
// too many from before the limit keep them, as is documented, and can change
// them, which is chosen.
func (s *Store) checkHookLocked(h Hook, adds bool) *answer {
	if refusal := s.checkDestination(h.Destination); refusal != nil {
		return refusal
	}
	sameScope := 0
	for _, other := range s.hooks {
		if other.ID == h.ID || other.ClientID != h.ClientID {
			continue
		}
		exceptional := other.Scope == exceptionScope || h.Scope == exceptionScope
		switch {
		case other.Scope == h.Scope && h.Scope == exceptionScope:
			return invalidField("scope", "Only one hook may have this scope")
		case other.Destination == h.Destination && other.Scope == h.Scope:
			return invalidField("destination", "A hook with this scope and destination exists already")
		case other.Destination == h.Destination && exceptional:
			return invalidField("destination", "The destination of delivery exceptions must differ from all others")
		case other.Scope == h.Scope:
			sameScope++
		}
	}
	if adds && sameScope >= hooksPerScope {
		return invalidField("scope", "The limit of 10 hooks for this scope is reached")
	}
	return nil
}

// checkDestination refuses URLs that are not https on port 443, unless
// WithHTTPDestinations relaxed that.
func (s *Store) checkDestination(destination string) *answer {
	u, err := url.Parse(destination)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil:
		return invalidField("destination", "The destination is not a valid URL")
	case s.opts.httpDestinations && (u.Scheme == "http" || u.Scheme == "https"):
		return nil
	case u.Scheme != "https":
		return invalidField("destination", "The destination must be an https URL")
	case u.Port() != "" && u.Port() != "443":
		return invalidField("destination", "The destination must be on port 443")
	}
	return nil
}

func invalidField(field, message string) *answer {
	return refuse(http.StatusUnprocessableEntity, invalidFields+field, map[string]string{field: message})
}

func refuse(status int, title string, fields map[string]string) *answer {
	a := v3Error(status, title, fields)
	return &a
}
