package venduretest

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

// request is a GraphQL request on its way through a Proxy.
type request struct {
	Query     string         `json:"query"`
	Operation string         `json:"operationName,omitempty"`
	Variables map[string]any `json:"variables,omitempty"`
}

var (
	// operation is the beginning of an operation, as opposed to a fragment's.
	operation = regexp.MustCompile(`(?m)^\s*(query|mutation|\{)`)
	// write and prepare are the fields of mutations that change orders, after
	// their alias if they have one.
	write   = regexp.MustCompile(`(?:(\w+)\s*:\s*)?\b(cancelOrder|transitionFulfillmentToState)\s*\(`)
	prepare = regexp.MustCompile(`\baddFulfillmentToOrder\s*\(`)
	// equal is a filter by equality with a variable.
	equal = regexp.MustCompile(`\beq\s*:\s*\$(\w+)`)
)

// step says which step a request is.
func (r request) step() Step {
	switch {
	case strings.TrimSpace(operation.FindString(r.Query)) != "mutation":
		return OnRead
	case write.MatchString(r.Query):
		return OnWrite
	case prepare.MatchString(r.Query):
		return OnPrepare
	default:
		return onLogin
	}
}

// searches reports whether a request filters by a variable.
func (r request) searches() bool { return equal.MatchString(r.Query) }

// containing is the request with filters for a part in place of those for the
// whole: for the part that is asked for or, with ignore, for nothing, which is
// a part of everything. Vendure compares parts without regard to case.
func (r request) containing(ignore bool) request {
	variables := maps.Clone(r.Variables)
	for _, name := range equal.FindAllStringSubmatch(r.Query, -1) {
		if ignore {
			variables[name[1]] = ""
		}
	}
	r.Query = equal.ReplaceAllString(r.Query, "contains: $$$1")
	r.Variables = variables
	return r
}

// success is what Vendure answers to a write that it carries out, as far as
// the request tells.
func (r request) success() ([]byte, error) {
	field := write.FindStringSubmatch(r.Query)
	name, result := field[2], map[string]any{"__typename": "Order", "id": r.id(), "state": StateCancelled}
	if name != "cancelOrder" {
		result["__typename"], result["state"] = "Fulfillment", "Shipped"
	}
	if field[1] != "" {
		name = field[1]
	}
	return json.Marshal(map[string]any{"data": map[string]any{name: result}})
}

// id is the id among the variables.
func (r request) id() any {
	for name, value := range r.Variables {
		if strings.HasSuffix(strings.ToLower(name), "id") {
			return value
		}
		if input, ok := value.(map[string]any); ok && input["orderId"] != nil {
			return input["orderId"]
		}
	}
	return "1"
}
