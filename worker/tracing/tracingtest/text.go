package tracingtest

import (
	"strconv"

	common "go.opentelemetry.io/proto/otlp/common/v1"
)

// textOf returns attributes as text.
func textOf(attributes []*common.KeyValue) map[string]string {
	out := map[string]string{}
	for _, one := range attributes {
		switch value := one.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			out[one.GetKey()] = value.StringValue
		case *common.AnyValue_IntValue:
			out[one.GetKey()] = strconv.FormatInt(value.IntValue, 10)
		default:
			out[one.GetKey()] = one.GetValue().String()
		}
	}
	return out
}
