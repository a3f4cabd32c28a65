namespace Httpmq.Api.Json;

/// <summary>On a contract all of whose fields have defaults: a request without a body is one with <c>{}</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OptionalBodyAttribute : Attribute;
