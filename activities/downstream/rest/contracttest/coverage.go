package contracttest

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// see records that an operation gave an answer that conforms.
func (c *Checker) see(op *openapi3.Operation, status int) {
	code := strconv.Itoa(status)
	if op.Responses.Value(code) == nil {
		code = strconv.Itoa(status/100) + "XX"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[op.OperationID+" "+code] = true
}

// Unseen lists each answer that the document describes and that never came, as
// "operationId code", sorted. A contract whose answers were not all seen has
// parts that nobody tested.
func (c *Checker) Unseen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var unseen []string
	for _, item := range c.doc.Paths.Map() {
		for _, op := range item.Operations() {
			for code := range op.Responses.Map() {
				if key := fmt.Sprintf("%s %s", op.OperationID, code); !c.seen[key] {
					unseen = append(unseen, key)
				}
			}
		}
	}
	slices.Sort(unseen)
	return unseen
}
