using System.Text.Json.Serialization;

namespace Httpmq.Api.Contracts;

/// <summary>What every answer holds.</summary>
internal record Answer
{
    /// <summary>Whether the request succeeded.</summary>
    [JsonPropertyOrder(-2)]
    public bool Success { get; init; } = true;

    /// <summary>The request's own id from the request-id header, or a fresh one.</summary>
    [JsonPropertyOrder(-1)]
    public required string RequestId { get; init; }
}

/// <summary>The answer to a request that failed.</summary>
internal sealed record FailureAnswer : Answer
{
    /// <summary>What went wrong.</summary>
    public required ErrorContract Error { get; init; }
}

/// <summary>What went wrong.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="Message">What failed, in one short sentence.</param>
/// <param name="Detail">Why: the field and its value, or JetStream's own text with its err_code.</param>
internal sealed record ErrorContract(int Code, string Message, string Detail);
