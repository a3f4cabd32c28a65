namespace Httpmq.Api.OpenApi;

/// <summary>The statuses with which an action can fail, for OpenAPI; <see cref="ErrorAnswers"/> has their texts.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ErrorsAttribute(params int[] statuses) : Attribute
{
    public IReadOnlyList<int> Statuses => statuses;
}
