namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// What a gateway knows of its NATS server beyond the connection, because it runs that server itself. Each answer is one
/// clause for people, without a full stop, or null.
/// </summary>
public interface IServerDiagnosis
{
    /// <summary>What is known to be wrong, without looking; it explains a failure and causes none.</summary>
    string? Problem { get; }

    /// <summary>Looks now whether messages can be stored, and answers why not. Returns within 1.5 s.</summary>
    Task<string?> DiagnoseAsync(CancellationToken cancellationToken);
}
