namespace Httpmq.Infrastructure.Ledger;

/// <summary>
/// A request that many ask at once and that is asked once: whoever comes while it is under way waits for the next time, so that no
/// answer is older than the asking. At most one is under way.
/// </summary>
internal sealed class SharedRequest<T>
{
    private readonly Lock _gate = new();
    private Task<T>? _current;
    private Task<T>? _next;

    /// <summary>Asks, or joins those who wait for the next time. One who gives up waiting leaves the others theirs.</summary>
    public Task<T> AskAsync(Func<Task<T>> ask)
    {
        lock (_gate)
        {
            if (_next is null && (_current is null or { IsCompleted: true }))
            {
                return _current = ask();
            }

            return _next ??= AskNextAsync(_current!, ask);
        }
    }

    private async Task<T> AskNextAsync(Task current, Func<Task<T>> ask)
    {
        await current.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<T> asking;
        lock (_gate)
        {
            asking = ask();
            _current = asking;
            _next = null;
        }

        return await asking;
    }
}
