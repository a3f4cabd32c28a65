namespace Httpmq.Infrastructure.Connection;

/// <summary>One ping after the other, however many ask for one. Those that ask while one is under way share the next.</summary>
/// <param name="send">Sends one; it ends with the answer, or with the connection, and throws nothing.</param>
internal sealed class SharedPing(Func<Task> send)
{
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Ends when a ping that was sent after this call is answered.</summary>
    public Task SendAsync()
    {
        lock (_gate)
        {
            return _next ?? (_running.IsCompleted ? _running = send() : _next = SendBehindAsync(_running));
        }
    }

    private async Task SendBehindAsync(Task running)
    {
        await running;
        Task sent;
        lock (_gate)
        {
            _next = null;
            _running = sent = send();
        }

        await sent;
    }
}
