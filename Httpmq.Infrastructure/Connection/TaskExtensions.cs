namespace Httpmq.Infrastructure.Connection;

internal static class TaskExtensions
{
    /// <summary>Says that a task which handles its own failures is not awaited on purpose.</summary>
    public static void Forget(this Task task) => _ = task;
}
