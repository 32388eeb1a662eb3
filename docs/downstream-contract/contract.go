// Package downstreamcontract holds the HTTP contract between Orderbridge and
// an order system as an OpenAPI 3.1 document, for the tests that hold both
// sides to it. README.md explains the contract.
package downstreamcontract

import (
	"bytes"
	_ "embed"
)

//go:embed openapi.yaml
var document []byte

// Document returns openapi.yaml, a fresh copy on each call.
func Document() []byte { return bytes.Clone(document) }
