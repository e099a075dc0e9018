"""What stands under infra/monitor, read and checked without Azure: queries, alert rules, the workbook."""
