package bigcommercetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	// metafieldsPerOrder is documented: metafields of one client and order.
	metafieldsPerOrder = 250
	// The documented longest texts of a metafield.
	maxMetafieldName        = 64
	maxMetafieldValue       = 65_535
	maxMetafieldDescription = 255
)

// permissionSets are documented. The first one hides a metafield from all but its
// owner.
var permissionSets = []string{"app_only", "read", "write", "read_and_sf_access", "write_and_sf_access"}

// Metafield is a text that an account keeps with an order.
type Metafield struct {
	ID            int64
	OrderID       int64
	ClientID      string // of its owner
	PermissionSet string
	Namespace     string
	Key           string
	Value         string
	Description   string
	DateCreated   time.Time // whole seconds
}

// metafieldWire is a metafield in the API.
type metafieldWire struct {
	ID            int64  `json:"id"`
	ResourceType  string `json:"resource_type"`
	ResourceID    int64  `json:"resource_id"`
	PermissionSet string `json:"permission_set"`
	Namespace     string `json:"namespace"`
	Key           string `json:"key"`
	Value         string `json:"value"`
	Description   string `json:"description"`
	DateCreated   string `json:"date_created"`
	DateModified  string `json:"date_modified"`
	OwnerClientID string `json:"owner_client_id"`
	Unknown       any    `json:"storefront_region,omitempty"`
}

// metafieldData is the data of store/order/metafield/*. That the id of the order
// is a string is documented.
type metafieldData struct {
	MetafieldID int64  `json:"metafield_id"`
	ResourceID  string `json:"resource_id"`
}

// Metafields returns the metafields of an order of every account, oldest first.
func (s *Store) Metafields(orderID int64) []Metafield {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Metafield
	for _, m := range s.metafields {
		if m.OrderID == orderID {
			list = append(list, *m)
		}
	}
	return list
}

func (s *Store) metafieldWireLocked(m *Metafield) metafieldWire {
	at := m.DateCreated.UTC().Format("2006-01-02T15:04:05-07:00")
	w := metafieldWire{
		ID: m.ID, ResourceType: "order", ResourceID: m.OrderID, PermissionSet: m.PermissionSet,
		Namespace: m.Namespace, Key: m.Key, Value: m.Value, Description: m.Description,
		DateCreated: at, DateModified: at, OwnerClientID: m.ClientID,
	}
	if s.faults.unknownFields {
		w.Unknown = []string{"us"}
	}
	return w
}

// seenBy reports whether a client may see m.
func (m *Metafield) seenBy(clientID string) bool {
	return m.ClientID == clientID || m.PermissionSet != permissionSets[0]
}

// listMetafields lists those of the order of the path, or of all orders.
func (s *Store) listMetafields(r *request) answer {
	var of int64
	if r.PathValue("id") != "" {
		o, refusal := s.orderOfPathV3(r)
		if refusal != nil {
			return *refusal
		}
		of = o.ID
	}
	q := r.URL.Query()
	p, refusal := v3Page(q)
	if refusal != nil {
		return *refusal
	}
	var matching []*Metafield
	for _, m := range s.metafields {
		if m.seenBy(r.account.ClientID) && (of == 0 || m.OrderID == of) &&
			(!q.Has("namespace") || q.Get("namespace") == m.Namespace) && (!q.Has("key") || q.Get("key") == m.Key) {
			matching = append(matching, m)
		}
	}
	list := []metafieldWire{}
	for _, m := range cut(matching, p) {
		list = append(list, s.metafieldWireLocked(m))
	}
	return answer{http.StatusOK, enveloped{Data: list, Meta: p.meta(len(matching), len(list))}}
}

// postMetafield keeps a text with an order. Whether that counts as a change of
// the order is not documented; that it does not, is chosen.
func (s *Store) postMetafield(r *request) answer {
	o, refusal := s.orderOfPathV3(r)
	if refusal != nil {
		return *refusal
	}
	var in struct {
		PermissionSet string `json:"permission_set"`
		Namespace     string `json:"namespace"`
		Key           string `json:"key"`
		Value         string `json:"value"`
		Description   string `json:"description"`
	}
	if err := json.Unmarshal(r.body, &in); err != nil {
		return *refuse(http.StatusBadRequest, "Input is invalid.", nil)
	}
	m := Metafield{
		OrderID: o.ID, ClientID: r.account.ClientID, PermissionSet: in.PermissionSet, Namespace: in.Namespace,
		Key: in.Key, Value: in.Value, Description: in.Description, DateCreated: r.now.Truncate(time.Second),
	}
	if wrong := m.wrong(); len(wrong) > 0 {
		return *refuse(http.StatusUnprocessableEntity, invalidDataTitle, wrong)
	}
	if refusal := s.metafieldFitsLocked(m); refusal != nil {
		return *refusal
	}
	s.lastField++
	m.ID = s.lastField
	s.metafields = append(s.metafields, &m)
	s.metafieldEventLocked(&m, "created")
	return answer{http.StatusOK, enveloped{Data: s.metafieldWireLocked(&m), Meta: struct{}{}}}
}

// wrong names the fields that are missing or too long.
func (m *Metafield) wrong() map[string]string {
	wrong := map[string]string{}
	if !slices.Contains(permissionSets, m.PermissionSet) {
		wrong["permission_set"] = "error.expected.validenumvalue"
	}
	for name, text := range map[string]struct {
		value string
		limit int
	}{
		"namespace": {m.Namespace, maxMetafieldName}, "key": {m.Key, maxMetafieldName}, "value": {m.Value, maxMetafieldValue},
	} {
		switch {
		case text.value == "":
			wrong[name] = missingField
		case len(text.value) > text.limit:
			wrong[name] = fmt.Sprintf("error.maxLength: %d", text.limit)
		}
	}
	if len(m.Description) > maxMetafieldDescription {
		wrong["description"] = fmt.Sprintf("error.maxLength: %d", maxMetafieldDescription)
	}
	return wrong
}

// metafieldFitsLocked refuses a second metafield of one name, with the status
// that is documented, and one above the documented limit, with a chosen one.
func (s *Store) metafieldFitsLocked(m Metafield) *answer {
	count := 0
	for _, other := range s.metafields {
		if other.OrderID != m.OrderID || other.ClientID != m.ClientID {
			continue
		}
		if other.Namespace == m.Namespace && other.Key == m.Key {
			return refuse(http.StatusConflict, "Metafield with that namespace and key already exists.", nil)
		}
		count++
	}
	if count >= metafieldsPerOrder {
		return invalidField("resource_id", "The limit of 250 metafields for this order is reached")
	}
	return nil
}

func (s *Store) deleteMetafield(r *request) answer {
	o, refusal := s.orderOfPathV3(r)
	if refusal != nil {
		return *refusal
	}
	id, ok := r.id("field")
	index := slices.IndexFunc(s.metafields, func(m *Metafield) bool {
		return ok && m.ID == id && m.OrderID == o.ID && m.seenBy(r.account.ClientID)
	})
	if index < 0 {
		return *refuse(http.StatusNotFound, notFoundMessage, nil)
	}
	gone := s.metafields[index]
	s.metafields = slices.Delete(s.metafields, index, index+1)
	s.metafieldEventLocked(gone, "deleted")
	return answer{status: http.StatusNoContent}
}

func (s *Store) metafieldEventLocked(m *Metafield, event string) {
	s.fireLocked("store/order/metafield/"+event, m.OrderID,
		metafieldData{MetafieldID: m.ID, ResourceID: strconv.FormatInt(m.OrderID, 10)}, "")
}

// orderOfPathV3 finds the order of the path and refuses in the shape of V3.
func (s *Store) orderOfPathV3(r *request) (*order, *answer) {
	if id, ok := r.id("id"); ok {
		if o := s.orders[id]; o != nil {
			return o, nil
		}
	}
	return nil, refuse(http.StatusNotFound, notFoundMessage, nil)
}
