package downstreamcontract_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	downstreamcontract "github.com/orderbridge/orderbridge/docs/downstream-contract"
)

func TestDocumentIsOpenAPI31(t *testing.T) {
	t.Parallel()

	doc, err := openapi3.NewLoader().LoadFromData(downstreamcontract.Document())
	require.NoError(t, err)
	require.Equal(t, "3.1.0", doc.OpenAPI)
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation()))
}

func TestDocumentIsACopy(t *testing.T) {
	t.Parallel()

	first := downstreamcontract.Document()
	first[0] = '#'
	require.NotEqual(t, first[0], downstreamcontract.Document()[0])
}
