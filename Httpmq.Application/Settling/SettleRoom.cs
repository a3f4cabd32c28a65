namespace Httpmq.Application.Settling;

/// <param name="Window">Entries of all settlements together that may wait for JetStream at once. Default: 2048.</param>
public sealed record SettleOptions(int Window = SettleOptions.DefaultWindow)
{
    /// <summary>Four settlements at full speed.</summary>
    public const int DefaultWindow = 2048;
}

/// <summary>
/// How many entries of all settlements together are under way, beside one of each: what fills it makes the others slower and stops nobody,
/// and the requests of publishes have most of the connection.
/// </summary>
/// <param name="entries">The most entries.</param>
internal sealed class SettleRoom(int entries = SettleOptions.DefaultWindow) : IDisposable
{
    private readonly SemaphoreSlim _room = new(entries);

    /// <summary>Enters where there is room now.</summary>
#pragma warning disable VSTHRD103 // Zero time does not block, and costs no task.
    public bool TryEnter() => _room.Wait(TimeSpan.Zero, CancellationToken.None);
#pragma warning restore VSTHRD103

    public Task EnterAsync(CancellationToken cancellationToken) => _room.WaitAsync(cancellationToken);

    public void Leave() => _room.Release();

    public void Dispose() => _room.Dispose();
}
