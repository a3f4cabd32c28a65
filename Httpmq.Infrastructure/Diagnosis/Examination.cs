namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>Bounds what a check may take, whatever it waits for, and turns what nobody foresaw into a result.</summary>
public static class Examination
{
    /// <summary>What one check may take: 5 s.</summary>
    public static TimeSpan TimeLimit { get; } = TimeSpan.FromSeconds(5);

    /// <summary>What it may take to open or answer something, so that the check itself can still say what was missing: 4 s.</summary>
    internal static TimeSpan AnswerLimit { get; } = TimeSpan.FromSeconds(4);

    /// <summary>Runs a check.</summary>
    /// <param name="check">Its name.</param>
    /// <param name="examine">What it does.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it without a result.</param>
    public static async Task<IReadOnlyList<CheckResult>> RunAsync(
        string check,
        Func<CancellationToken, Task<IReadOnlyList<CheckResult>>> examine,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeLimit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // Not on the caller's thread: a file system that hangs must not keep the other checks waiting.
            return await Task.Run(() => examine(ended.Token), ended.Token).WaitAsync(ended.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return
            [
                CheckResult.Problem(
                    check,
                    $"there was no result within {TimeLimit.TotalSeconds:0} s",
                    "look what makes it slow: the disk, names (DNS), the network"),
            ];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return [CheckResult.Problem(
                check, $"the check failed: {exception.GetBaseException().Message}", "report it; the other checks are not affected")];
        }
    }
}
