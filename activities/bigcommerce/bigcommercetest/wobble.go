package bigcommercetest

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// faultyOrderLocked returns what goes over the wire for o, with wobbling types
// and unknown fields when those faults are on.
func (s *Store) faultyOrderLocked(o *order) any {
	w, f := s.orderWireLocked(o), s.faults
	if !f.wobble && !f.unknownFields {
		return w
	}
	fields, err := asFields(w)
	if err != nil { // w always is an object
		return w
	}
	if f.wobble {
		wobble(fields)
	}
	if f.unknownFields {
		fields["fulfillment_promise"] = map[string]any{"days": []int{1, 3}, "note": nil}
		fields["zz_new_flag"] = true
	}
	return fields
}

// wobble changes the types of an order. That card types and payment providers
// vary was seen on the platform, and that postal codes and phone numbers are
// numbers now and then; the rest is what PHP systems do when they are changed.
func wobble(fields map[string]any) {
	for _, name := range []string{"id", fieldStatusID, fieldChannelID, fieldCustomerID, "items_total", "items_shipped"} {
		if n, ok := fields[name].(json.Number); ok {
			fields[name] = n.String()
		}
	}
	for _, name := range []string{"total_inc_tax", "total_ex_tax", "refunded_amount"} {
		if text, ok := fields[name].(string); ok {
			fields[name] = json.Number(text)
		}
	}
	fields["credit_card_type"] = map[string]any{}
	fields["payment_provider_id"] = 0
	fields["external_order_id"] = nil
	fields["is_deleted"] = strconv.FormatBool(fields["is_deleted"] == true)
	if fields["date_shipped"] == "" {
		fields["date_shipped"] = nil
	}
	if address, ok := fields["billing_address"].(map[string]any); ok {
		address["zip"] = numeric(address["zip"])
		address["phone"] = numeric(address["phone"])
	}
}

// numeric makes a number of a string of digits and leaves all else.
func numeric(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return value
}

func asFields(v any) (map[string]any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	return fields, nil
}
