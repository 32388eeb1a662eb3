package bigcommercetest

import (
	"encoding/json"
	"math"
	"net/http"
	"net/mail"
)

// adminWire is data of GET /v3/hooks/admin.
type adminWire struct {
	Emails         []string            `json:"emails"`
	HooksList      []hookWire          `json:"hooks_list"`
	BlockedDomains []blockedDomainWire `json:"blocked_domains"`
}

type blockedDomainWire struct {
	Destination string            `json:"destination"` // the host: that it is no URL is chosen
	TimeLeft    int               `json:"time_left"`   // seconds
	Reasons     []blockReasonWire `json:"reasons"`
}

type blockReasonWire struct {
	FailureDescription string `json:"failure_description"`
	Count              int    `json:"count"`
	Timestamp          int64  `json:"timestamp"` // Unix seconds of the last one
}

// getHooksAdmin shows a client its own hooks with their status, and the domains
// that are blocked for it.
func (s *Store) getHooksAdmin(r *request) answer {
	own, refusal := s.ownHooks(r)
	if refusal != nil {
		return *refusal
	}
	p, refusal := v3Page(r.URL.Query())
	if refusal != nil {
		return *refusal
	}
	out := adminWire{
		Emails:         append([]string{}, s.mailTo...),
		HooksList:      []hookWire{},
		BlockedDomains: []blockedDomainWire{},
	}
	for _, h := range cut(own, p) {
		w := s.hookWireLocked(h)
		w.Status = h.Status
		out.HooksList = append(out.HooksList, w)
	}
	for _, b := range s.blockedDomainsLocked(r.now) {
		if b.ClientID == r.account.ClientID {
			out.BlockedDomains = append(out.BlockedDomains, b.wire(r))
		}
	}
	return answer{http.StatusOK, enveloped{Data: out, Meta: p.meta(len(own), len(out.HooksList))}}
}

func (b BlockedDomain) wire(r *request) blockedDomainWire {
	w := blockedDomainWire{
		Destination: b.Domain,
		TimeLeft:    int(math.Ceil(b.Until.Sub(r.now).Seconds())),
		Reasons:     []blockReasonWire{},
	}
	for _, reason := range b.Reasons {
		w.Reasons = append(w.Reasons, blockReasonWire{
			FailureDescription: reason.Description, Count: reason.Count, Timestamp: reason.Last.Unix(),
		})
	}
	return w
}

// putHooksAdmin sets the addresses that are told when a hook is switched off.
// They belong to the store, not to one client: chosen.
func (s *Store) putHooksAdmin(r *request) answer {
	var in struct {
		Emails *[]string `json:"emails"`
	}
	if err := json.Unmarshal(r.body, &in); err != nil {
		return *refuse(http.StatusBadRequest, "Input is invalid.", nil)
	}
	if in.Emails == nil {
		return withPathType(*refuse(http.StatusUnprocessableEntity, invalidDataTitle,
			map[string]string{"emails": missingField}))
	}
	for _, address := range *in.Emails {
		if _, err := mail.ParseAddress(address); err != nil {
			return *invalidField("emails", "An address is not valid")
		}
	}
	s.mailTo = append([]string(nil), *in.Emails...)
	return answer{status: http.StatusNoContent}
}
