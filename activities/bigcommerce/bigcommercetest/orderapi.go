package bigcommercetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// v2List answers with the page of a list that the query asks for. V2's lists are
// bare arrays; an empty one, or a page past the last, is 204 without a body.
//
// wire makes what goes over the wire of each element of the page.
func v2List[T, W any](r *request, list []T, wire func(T) W) answer {
	p, err := readPage(r.URL.Query())
	if err != nil {
		return v2Error(http.StatusBadRequest, err.Error())
	}
	part := cut(list, p)
	if len(part) == 0 {
		return answer{status: http.StatusNoContent}
	}
	out := make([]W, len(part))
	for i, v := range part {
		out[i] = wire(v)
	}
	return answer{http.StatusOK, out}
}

// orderOfPath finds the order of the path, archived ones too.
func (s *Store) orderOfPath(r *request) (*order, *answer) {
	if id, ok := r.id("id"); ok {
		if o := s.orders[id]; o != nil {
			return o, nil
		}
	}
	a := v2Error(http.StatusNotFound, notFoundMessage)
	return nil, &a
}

// oneOrder answers with an order, with the faults of the wire if any.
func (s *Store) oneOrder(o *order) answer {
	return answer{http.StatusOK, s.faultyOrderLocked(o)}
}

func (s *Store) getOrder(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	return s.oneOrder(o)
}

func (s *Store) listOrders(r *request) answer {
	matching, refusal := s.ordersOfQuery(r)
	if refusal != nil {
		return *refusal
	}
	return v2List(r, matching, s.faultyOrderLocked)
}

// statusCountWire is a status with the number of orders in it.
type statusCountWire struct {
	ID                int    `json:"id"`
	Name              string `json:"name"`
	SystemLabel       string `json:"system_label"`
	CustomLabel       string `json:"custom_label"`
	SystemDescription string `json:"system_description"`
	Count             int    `json:"count"`
	SortOrder         int    `json:"sort_order"`
}

func (s *Store) countOrders(r *request) answer {
	matching, refusal := s.ordersOfQuery(r)
	if refusal != nil {
		return *refusal
	}
	in := map[bigcommerce.StatusID]int{}
	for _, o := range matching {
		in[o.StatusID]++
	}
	var out struct {
		Statuses []statusCountWire `json:"statuses"`
		Count    int               `json:"count"`
	}
	out.Count = len(matching)
	for _, id := range bigcommerce.StatusIDs() {
		w := s.statusLocked(id)
		out.Statuses = append(out.Statuses, statusCountWire{
			ID: w.ID, Name: w.Name, SystemLabel: w.SystemLabel, CustomLabel: w.CustomLabel,
			SystemDescription: w.SystemDescription, Count: in[id], SortOrder: w.SortOrder,
		})
	}
	return answer{http.StatusOK, out}
}

// orderChange is what PUT /orders/{id} takes here.
type orderChange struct {
	StatusID           *int    `json:"status_id"`
	CustomerMessage    *string `json:"customer_message"`
	ExternalMerchantID *string `json:"external_merchant_id"`
	ExternalOrderID    *string `json:"external_order_id"`
	IsDeleted          *bool   `json:"is_deleted"`
	PaymentMethod      *string `json:"payment_method"`
	StaffNotes         *string `json:"staff_notes"`
}

// putOrder changes an order as a merchant's tool would. Fields that exist but
// that nothing here needs to change are refused like unknown ones.
func (s *Store) putOrder(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	var in orderChange
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return v2Error(http.StatusBadRequest, "The request has a field that cannot be written or is not JSON.")
	}
	status := o.StatusID
	if in.StatusID != nil {
		status = bigcommerce.StatusID(*in.StatusID)
	}
	if !status.Known() {
		return v2Error(http.StatusBadRequest, fmt.Sprintf("The field 'status_id' must not be %d.", status))
	}
	if in.ExternalMerchantID != nil && o.ExternalMerchant != "" && o.ExternalMerchant != *in.ExternalMerchantID {
		return v2Error(http.StatusBadRequest, "The field 'external_merchant_id' can be written only once.")
	}
	s.moveLocked(o, status, in.apply(o))
	if in.IsDeleted != nil && *in.IsDeleted {
		s.archiveLocked(o)
	}
	return s.oneOrder(o)
}

// apply writes the texts over o and reports whether any of them changed it.
func (in orderChange) apply(o *order) bool {
	changed := false
	for _, field := range []struct{ from, to *string }{
		{in.CustomerMessage, &o.CustomerMessage},
		{in.ExternalMerchantID, &o.ExternalMerchant},
		{in.ExternalOrderID, &o.ExternalOrderID},
		{in.PaymentMethod, &o.PaymentMethod},
		{in.StaffNotes, &o.StaffNotes},
	} {
		if field.from != nil && *field.from != *field.to {
			*field.to = *field.from
			changed = true
		}
	}
	return changed
}

func (s *Store) archiveOrder(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	s.archiveLocked(o)
	return answer{status: http.StatusNoContent}
}

// archiveAllOrders is the trap that BigCommerce documents: a DELETE that lost its
// id archives every order of the store.
func (s *Store) archiveAllOrders(*request) answer {
	for _, id := range slices.Sorted(maps.Keys(s.orders)) {
		s.archiveLocked(s.orders[id])
	}
	return answer{status: http.StatusNoContent}
}
