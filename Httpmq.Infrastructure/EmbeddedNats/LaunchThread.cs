using System.Collections.Concurrent;
using System.Diagnostics;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// The one thread that starts nats-server, and lives at least as long. Linux sends the parent-death signal when the
/// <em>thread</em> that forked ends, not the process (prctl(2), PR_SET_PDEATHSIG), and pool threads come and go.
/// </summary>
internal sealed class LaunchThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public LaunchThread() =>
        new Thread(Run) { IsBackground = true, Name = "nats-server launcher" }.Start();

    /// <summary>Starts the process on this thread; fails as <see cref="Process.Start()"/> does.</summary>
    public Task<Process> LaunchAsync(ProcessStartInfo startInfo)
    {
        var launched = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                launched.SetResult(Process.Start(startInfo) ?? throw new InvalidOperationException("No process was started."));
            }
            catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
            {
                launched.SetException(failure);
            }
        });

        return launched.Task;
    }

    /// <summary>Ends the thread, and with it every process that it started.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }

        _work.Dispose();
    }
}
