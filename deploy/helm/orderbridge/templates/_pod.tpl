{{/*
The spec of a pod. Takes root, component, args and resources; for what runs on,
also settings (the values of the component), ports and grace; for a Job, restart.
*/}}
{{- define "orderbridge.pod" -}}
{{- $ := .root -}}
{{- $component := .component -}}
{{- $settings := .settings | default dict -}}
{{- if .restart }}
restartPolicy: {{ .restart }}
{{- end }}
{{- if eq .component "setup" }}
serviceAccountName: default
{{- else }}
serviceAccountName: {{ include "orderbridge.serviceAccount" $ }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- if .grace }}
terminationGracePeriodSeconds: {{ .grace }}
{{- end }}
securityContext:
  {{- toYaml $.Values.podSecurityContext | nindent 2 }}
{{- with $.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .settings }}
topologySpreadConstraints:
  {{- if $settings.topologySpreadConstraints }}
  {{- toYaml $settings.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "orderbridge.selector" $ | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
  {{- end }}
{{- end }}
containers:
  - name: orderbridge
    image: {{ .image | default (include "orderbridge.ownImage" $) | quote }}
    imagePullPolicy: {{ $.Values.image.pullPolicy }}
    args: {{ .args | toJson }}
    env:
      {{- include "orderbridge.environment" . | trim | nindent 6 }}
    {{- with $.Values.extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .ports }}
    ports:
      {{- range $name, $number := . }}
      - name: {{ $name }}
        containerPort: {{ $number }}
        protocol: TCP
      {{- end }}
    startupProbe:
      httpGet: {path: /healthz, port: ops}
      periodSeconds: 1
      failureThreshold: 60
    livenessProbe:
      httpGet: {path: /healthz, port: ops}
      periodSeconds: 10
      timeoutSeconds: 3
      failureThreshold: 3
    readinessProbe:
      httpGet: {path: /readyz, port: ops}
      periodSeconds: 5
      timeoutSeconds: 3
      failureThreshold: 2
    {{- end }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    securityContext:
      {{- toYaml $.Values.securityContext | nindent 6 }}
    {{- with include "orderbridge.volumeMounts" . | trim }}
    volumeMounts:
      {{- . | nindent 6 }}
    {{- end }}
{{- with include "orderbridge.volumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
