package bigcommerce

import (
	"encoding/json"
	"time"
)

// DecodeOrder decodes an order as Client.Order does; missing names what it
// lacks.
func DecodeOrder(raw []byte, at time.Time) (order Order, missing string, err error) {
	var wire wireOrder
	if err := json.Unmarshal(raw, &wire); err != nil {
		return Order{}, "", err
	}
	order, missing = wire.order(at)
	return order, missing, nil
}

// DecodeHooksAdmin decodes the hooks of an answer as Client.HooksAdmin does.
func DecodeHooksAdmin(raw []byte) ([]Hook, []BlockedDomain, error) {
	var answer envelope[wireHooksAdmin]
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, nil, err
	}
	var hooks hookList
	hooks.add(answer.Data.Hooks)
	var domains []BlockedDomain
	for _, blocked := range answer.Data.BlockedDomains {
		domains = append(domains, blocked.domain())
	}
	return hooks.hooks(), domains, nil
}

// DecodeHook decodes one hook as Client.Hook does.
func DecodeHook(raw []byte) (Hook, error) {
	var answer envelope[wireHook]
	err := json.Unmarshal(raw, &answer)
	return answer.Data.hook(), err
}
